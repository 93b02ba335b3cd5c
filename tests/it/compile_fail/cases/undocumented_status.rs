use orderhook_api::runtime::Problem;
use orderhook_api::webhooks::ListWebhooksError;

fn refuse(problem: Problem) -> ListWebhooksError {
    ListWebhooksError::Conflict(problem)
}

fn main() {}
