"""The pages of assessments, on the real database."""
