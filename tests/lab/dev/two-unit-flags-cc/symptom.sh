/opt/fixtures/bin/as-unit native
