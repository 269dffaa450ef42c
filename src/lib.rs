//! whybounce
