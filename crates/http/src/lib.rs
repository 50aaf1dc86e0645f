//! afsa-http.
