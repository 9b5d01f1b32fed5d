"""An existing tax system of 乙川市, stood in for: it knows nothing of this product and gives a CSV file out."""
