"""Set-up, benchmarks and pictures: what the project needs and the product does not."""
