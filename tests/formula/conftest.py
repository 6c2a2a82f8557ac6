import psycopg, pytest
@pytest.fixture(scope="session")
def sql():
    with psycopg.connect("postgresql://postgres@/formula?host=/tmp/fpg/data", autocommit=True) as c:
        def run(statement):
            return c.execute(statement).fetchall()
        yield run
