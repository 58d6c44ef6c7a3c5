import sys, pathlib
def test_e2e(db, tmp_path):
    from tests.house import open_house, moment
    from weatherhead.actions.migration.batch import check_directory, load_checked, Silent
    from weatherhead.areas.migration.staging import open_staging
    from weatherhead.areas.migration.queries import loaded_rows, loaded_totals, migration_open
    import datetime
    house=open_house()
    d=pathlib.Path('tests/migration_sets/good')
    c=check_directory(d, progress=Silent())
    st=open_staging(c.files.sha256)
    for p in st.problems(): print(p.file,p.line,p.column,p.code,p.outcome,p.what)
    for r in c.rows: print(r)
    for t in c.totals: print(t)
    house.today=datetime.date(2025,10,2)
    run=load_checked(c, good_rows=False, actor=house.actor('okafor'), moment=moment(house.today), progress=Silent())
    print(run)
    for t in loaded_totals(run.set): print(t)
    for t in loaded_rows(run.set): print(t)
    assert migration_open()
    house.do("sign_off_migration", by="alvarez", set_id=run.set.set_id)
    assert not migration_open()
    from weatherhead.areas.ledger.check import check
