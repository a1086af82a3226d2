CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL
) STRICT;

-- AUTOINCREMENT: the number of a deleted order is never used again.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL UNIQUE,
    customer INTEGER NOT NULL REFERENCES customers (id),
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    version INTEGER NOT NULL DEFAULT 1,
    deleted INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO customers (name) VALUES ('Ada'), ('Grace'), ('Ada');

INSERT INTO orders (reference, customer, item, quantity) VALUES
    ('A-1', 1, 'red tulips', 7),
    ('G-1', 2, 'white tulips', 50),
    ('A-2', 3, 'spades', 2);
