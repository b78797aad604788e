"""The repair alarm of Metro Bikes, as a service: after each trip it says whether a van should fetch the bike."""
