//! What a program costs, whatever else the machine does.

/// CPU seconds that this process has taken, user and system.
pub(crate) fn seconds() -> f64 {
    // The first number is nanoseconds on a core, which `times` would give in hundredths of a second only.
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux keeps a process's times");
    let nanoseconds: f64 =
        text.split(' ').next().and_then(|n| n.parse().ok()).expect("it begins with a number");
    nanoseconds / 1e9
}
