"""MDB/ICP through an adapter: Linux cannot speak the nine bits of the bus itself, nor answer within 5 ms."""
