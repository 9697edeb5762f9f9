"""Networks: one paper, one file, one dataclass of sizes, one module."""
