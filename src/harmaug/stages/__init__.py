"""Rows in, rows out: what one row of each stage needs, and how one batch is done."""
