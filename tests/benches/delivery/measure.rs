//! The scenarios: each starts its contender anew on an empty database.

use crate::client::Numbered;
use crate::contender::{Contender, EventType, Running};
use crate::figures::{Figure, Figures};
use crate::load::{all_delivered, closed_loop, latencies, steady};
use crate::process::{cpu_seconds, memory};
use crate::sink::{Receipt, Sink};

/// Connections that publish as fast as they can.
const CONNECTIONS: usize = 32;
const MESSAGES: usize = 20_000;
const FAN_OUT: usize = 10;
const FAN_OUT_MESSAGES: usize = 5_000;
/// A rate that leaves every contender idle most of the time.
const STEADY_RATE: u32 = 50;
const STEADY_SECONDS: u32 = 20;
/// What an endpoint that never answers has queued.
const SILENT_MESSAGES: usize = 10_000;
const NEIGHBOUR_MESSAGES: usize = 5_000;
const NEIGHBOUR_RATE: u32 = 120;
const NEIGHBOUR_SECONDS: u32 = 5;

/// CPU seconds of the contenders that have ended.
pub(crate) type CpuSeconds = f64;

/// All scenarios of a contender that can be compared.
pub(crate) async fn run(
    contender: &Contender,
    sink: &Sink,
    figures: &mut Figures,
) -> anyhow::Result<CpuSeconds> {
    let mut cpu = 0.0;
    cpu += one_endpoint(contender, sink, figures).await?;
    cpu += fan_out(contender, sink, figures).await?;
    cpu += publishing(contender, sink, 16, Figure::PublishesAt16, figures).await?;
    cpu += publishing(contender, sink, 64, Figure::PublishesAt64, figures).await?;
    cpu += idle_latency(contender, sink, figures).await?;
    Ok(cpu)
}

async fn one_endpoint(
    contender: &Contender,
    sink: &Sink,
    figures: &mut Figures,
) -> anyhow::Result<CpuSeconds> {
    let running = contender.start(sink.address).await?;
    running
        .create_endpoint(&sink.url(0), EventType::Load)
        .await?;
    let before = cpu_seconds(running.process_id())?;
    let (receipts, rate) = deliver(&running, sink, MESSAGES, 1).await?;
    figures.add(Figure::DeliveriesToOne, rate);
    let cpu = cpu_seconds(running.process_id())?;
    figures.add(
        Figure::CpuToOne,
        (cpu - before) * 1e3 / receipts.len() as f64,
    );
    let memory = memory(running.process_id())?;
    figures.add(Figure::Rss, memory.rss);
    figures.add(Figure::PeakRss, memory.peak_rss);
    figures.add(Figure::Pss, memory.pss);
    Ok(cpu)
}

async fn fan_out(
    contender: &Contender,
    sink: &Sink,
    figures: &mut Figures,
) -> anyhow::Result<CpuSeconds> {
    let running = contender.start(sink.address).await?;
    for endpoint in 0..FAN_OUT {
        let url = sink.url(endpoint);
        running.create_endpoint(&url, EventType::Load).await?;
    }
    let before = cpu_seconds(running.process_id())?;
    let (receipts, rate) = deliver(&running, sink, FAN_OUT_MESSAGES, FAN_OUT).await?;
    figures.add(Figure::DeliveriesToTen, rate);
    let cpu = cpu_seconds(running.process_id())?;
    figures.add(
        Figure::CpuToTen,
        (cpu - before) * 1e3 / receipts.len() as f64,
    );
    Ok(cpu)
}

/// Publishes as fast as it goes and waits for all deliveries; gives their rate from the first
/// publish to the last delivery.
pub(crate) async fn deliver(
    running: &Running,
    sink: &Sink,
    messages: usize,
    endpoints: usize,
) -> anyhow::Result<(Vec<Receipt>, f64)> {
    let request = running.publish(EventType::Load)?;
    deliver_by(running, sink, &request, messages, endpoints).await
}

/// As [`deliver`], by any request that publishes.
pub(crate) async fn deliver_by(
    running: &Running,
    sink: &Sink,
    request: &Numbered,
    messages: usize,
    endpoints: usize,
) -> anyhow::Result<(Vec<Receipt>, f64)> {
    sink.take();
    let published = closed_loop(running.addresses(), request, messages, CONNECTIONS).await?;
    let receipts = all_delivered(sink, messages * endpoints).await?;
    let last = receipts.iter().map(|receipt| receipt.at).max();
    let duration = last.unwrap_or(published.end) - published.begin;
    let rate = receipts.len() as f64 / duration.as_secs_f64();
    Ok((receipts, rate))
}

/// Events that nobody is subscribed to: what an acknowledgement alone costs.
async fn publishing(
    contender: &Contender,
    sink: &Sink,
    connections: usize,
    figure: Figure,
    figures: &mut Figures,
) -> anyhow::Result<CpuSeconds> {
    let running = contender.start(sink.address).await?;
    let request = running.publish(EventType::Load)?;
    let published = closed_loop(running.addresses(), &request, MESSAGES, connections).await?;
    figures.add(figure, published.rate());
    cpu_seconds(running.process_id())
}

async fn idle_latency(
    contender: &Contender,
    sink: &Sink,
    figures: &mut Figures,
) -> anyhow::Result<CpuSeconds> {
    let running = contender.start(sink.address).await?;
    running
        .create_endpoint(&sink.url(0), EventType::Load)
        .await?;
    let latencies = steady_latencies(&running, sink, STEADY_RATE, STEADY_SECONDS).await?;
    figures.add(Figure::LatencyP50, percentile(&latencies, 50));
    figures.add(Figure::LatencyP99, percentile(&latencies, 99));
    cpu_seconds(running.process_id())
}

pub(crate) async fn steady_latencies(
    running: &Running,
    sink: &Sink,
    rate: u32,
    seconds: u32,
) -> anyhow::Result<Vec<f64>> {
    sink.take();
    let request = running.publish(EventType::Load)?;
    let published = steady(running.addresses(), &request, rate, seconds).await?;
    let receipts = all_delivered(sink, published.sent.len()).await?;
    latencies(&published, &receipts)
}

/// What an endpoint gets beside one that never answers, and what it gets alone.
pub(crate) async fn fairness(
    contender: &Contender,
    sink: &Sink,
    figures: &mut Figures,
) -> anyhow::Result<CpuSeconds> {
    let alone = contender.start(sink.address).await?;
    alone.create_endpoint(&sink.url(0), EventType::Load).await?;
    let (_, alone_rate) = deliver(&alone, sink, NEIGHBOUR_MESSAGES, 1).await?;
    let mut cpu = cpu_seconds(alone.process_id())?;
    drop(alone);

    let beside = contender.start(sink.address).await?;
    beside
        .create_endpoint(&sink.url(0), EventType::Load)
        .await?;
    let silent_url = sink.silent_url();
    beside
        .create_endpoint(&silent_url, EventType::Transaction)
        .await?;
    let request = beside.publish(EventType::Transaction)?;
    closed_loop(beside.addresses(), &request, SILENT_MESSAGES, CONNECTIONS).await?;
    let (_, beside_rate) = deliver(&beside, sink, NEIGHBOUR_MESSAGES, 1).await?;
    let latencies = steady_latencies(&beside, sink, NEIGHBOUR_RATE, NEIGHBOUR_SECONDS).await?;
    cpu += cpu_seconds(beside.process_id())?;

    figures.add(Figure::ShareBesideSilent, beside_rate / alone_rate);
    figures.add(Figure::LatencyBesideSilent, percentile(&latencies, 99));
    Ok(cpu)
}

pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .copied()
        .unwrap_or(f64::NAN)
}
