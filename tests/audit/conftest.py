"""Tests of the audit; the folder is put on the path, so helpers can be imported."""
