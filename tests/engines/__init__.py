"""SLURM, PostgreSQL and Ray as they are: started for tests of the sweeps, and ended with them."""
