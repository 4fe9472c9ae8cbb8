"""Chat completions, as OpenAI describes them and many other servers serve them, behind the provider seam."""
