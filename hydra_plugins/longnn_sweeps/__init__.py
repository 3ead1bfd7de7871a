"""What Hydra finds of ours: the sweepers ``grid`` and ``optuna``, the launcher ``vmap``.

Hydra imports this at every start, so it imports no jax and holds no logic.
"""
