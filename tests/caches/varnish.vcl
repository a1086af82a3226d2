# Asks the origin again after a second, with the stored tag. @..@ are replaced by check.py.
vcl 4.1;

backend origin {
    .host = "127.0.0.1";
    .port = "@ORIGIN@";
}

sub vcl_backend_response {
    set beresp.ttl = 1s;
    set beresp.grace = 0s;
    set beresp.keep = 60s;
}
