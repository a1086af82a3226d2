-- One row: every instance with this file is open, or none.
CREATE TABLE shop (stock_taking INTEGER NOT NULL) STRICT;

INSERT INTO shop (stock_taking) VALUES (0);
