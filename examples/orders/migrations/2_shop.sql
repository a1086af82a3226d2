-- One row: every instance over this file is open, or none is.
CREATE TABLE shop (stock_taking INTEGER NOT NULL) STRICT;

INSERT INTO shop (stock_taking) VALUES (0);
