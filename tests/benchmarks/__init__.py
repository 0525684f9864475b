"""How fast and how exact, against whom: programs to be run by hand (``make bench``), no tests."""
