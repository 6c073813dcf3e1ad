"""The demo world: selfies of nobody, rendered by our own code, with likes that follow a known law."""
