"""The rules by which patterns are recognised in Rust source, beside tables of the names that tell one at once."""
