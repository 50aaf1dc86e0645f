use afsa_accounts::Accounts;

#[test]
fn the_first_to_ask_decides_the_key_of_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let (one, other) = (
        Accounts::open(&path).unwrap(),
        Accounts::open(&path).unwrap(),
    );
    assert_eq!(one.existing_daily_key(20_000).unwrap(), None);
    assert_eq!(one.daily_key(20_000, [1; 32]).unwrap(), [1; 32]);
    assert_eq!(other.daily_key(20_000, [2; 32]).unwrap(), [1; 32]);
    assert_eq!(other.daily_key(20_001, [2; 32]).unwrap(), [2; 32]);
    assert_eq!(one.existing_daily_key(20_001).unwrap(), Some([2; 32]));
}

#[test]
fn destroyed_keys_leave_no_trace_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&folder.path().join("accounts.sqlite")).unwrap();
    let is_on_disk = |key: [u8; 32]| {
        std::fs::read_dir(folder.path()).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(32).any(|window| window == key)
        })
    };
    accounts.daily_key(20_000, [0xa1; 32]).unwrap();
    accounts.daily_key(20_001, [0xb2; 32]).unwrap();
    assert!(is_on_disk([0xa1; 32]));
    accounts.destroy_daily_keys_before(20_001).unwrap();
    assert_eq!(accounts.existing_daily_key(20_000).unwrap(), None);
    assert!(!is_on_disk([0xa1; 32]));
    assert!(is_on_disk([0xb2; 32]));
}

#[test]
fn a_secret_stays() {
    let accounts = Accounts::in_memory().unwrap();
    assert_eq!(accounts.secret("event ids", [1; 32]).unwrap(), [1; 32]);
    assert_eq!(accounts.secret("event ids", [2; 32]).unwrap(), [1; 32]);
    assert_eq!(accounts.secret("something else", [2; 32]).unwrap(), [2; 32]);
}
