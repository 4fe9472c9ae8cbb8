"""The version, a constant: reading it from the installed metadata would cost more than the command's own start."""

VERSION = "0.1.0"
