"""Readers: one module a format, each turning bytes into text lines and grids with locators."""
