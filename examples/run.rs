//! Runs each example on a loopback port and talks to it with a real HTTP client.
