"""What `frontdesk bench` is made of: a throw-away installation, a load generator in a process of its own, and the figures."""
