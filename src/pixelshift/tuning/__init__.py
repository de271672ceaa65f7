"""What a function's memory size does to its duration and its price, measured under the CPU shares of Lambda."""
