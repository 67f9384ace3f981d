"""The YAML that admins edit, and the code that turns it into a running hub; the `frontdesk` command."""
