//! loljoa-gateway
