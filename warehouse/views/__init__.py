"""The analyst's views that are not generated from forms, one SELECT a file, named as the view."""
