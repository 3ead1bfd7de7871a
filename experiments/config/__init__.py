"""What a config says: checked on the command line, named, and told from others. Imports no jax."""
