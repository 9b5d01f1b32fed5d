"""The wire contract of MSL/1: schemas, signatures, sealing, permits. The only package the stand-ins share with the product."""
