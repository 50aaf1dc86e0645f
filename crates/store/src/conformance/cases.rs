pub fn check(_: &mut dyn super::Backend) -> Result<usize, String> {
    Ok(0)
}
