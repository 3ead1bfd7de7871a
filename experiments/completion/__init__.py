"""Completion of ``longnn`` with the tab key: commands, their options, groups, keys and values.

The library argcomplete brings the script for the shell and takes the line apart; which words fit is
answered from the table of commands, from their argument parsers, and from the config files.
"""
