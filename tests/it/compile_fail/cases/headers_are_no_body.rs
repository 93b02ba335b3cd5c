use orderhook_webhook::Verified;
use orderhook_webhook::osl::HeadersAuthentic;

fn handle(_: &Verified<'_>) {}

fn receive(headers: &HeadersAuthentic) {
    handle(headers);
}

fn main() {}
