"""How near to the truth: the product's estimate beside two published methods, on the same counts in the same run.

`make bench-accuracy` (or `python -m benchmarks.accuracy`) builds two invented worlds whose truth is known, lets their
carriers count, gives the same counts to every method and writes what came out to docs/accuracy. Nothing here is chosen
by looking at the results: worlds, seeds and moments are fixed in `plan`.
"""
