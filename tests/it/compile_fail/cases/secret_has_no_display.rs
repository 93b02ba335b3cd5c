use orderhook_types::Secret;

fn log(secret: &Secret) -> String {
    secret.to_string()
}

fn main() {}
