"""Many runs: planned, shared out, watched, taken up again. Imports no jax."""
