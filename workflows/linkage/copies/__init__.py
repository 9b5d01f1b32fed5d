"""副本: copies of data sets, registered at the hub sealed to ourselves."""
