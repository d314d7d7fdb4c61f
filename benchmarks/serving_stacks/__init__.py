"""What benchmarks/serving.py measures with, and one short file for each server that it measures."""
