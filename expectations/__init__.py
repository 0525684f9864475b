"""Is it believable? Suites and rules as data, and the small engines that evaluate them."""
