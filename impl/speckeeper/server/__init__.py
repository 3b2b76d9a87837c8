"""One server: sessions and the request pipeline over tree and storage. Sans I/O."""
