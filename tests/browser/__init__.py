"""The course in a real browser: `make browser` brings what these tests need. `make test` leaves them out."""
