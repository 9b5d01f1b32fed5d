"""符号: obtaining the code under which a person is known to the network."""
