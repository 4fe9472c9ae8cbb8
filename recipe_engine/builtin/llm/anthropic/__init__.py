"""The Messages API of Anthropic behind the provider seam: requests, schemas, errors and the SDK's client."""
