/**
 * The statistics page of a server with nothing to do, with keys for all that has none of its own in the
 * agent.
 */
export const idle = { cpu_load: 0, net_in_mbit: 0, net_out_mbit: 0 };

/** Settings of the agent that name those keys. */
export const keys = { cpu_keys: 'cpu_load', band_in_keys: 'net_in_mbit', band_out_keys: 'net_out_mbit' };

/** All of them, each with a value that none of the others has. */
export const everyThreshold = 'cpu 90 publishers 100 subscribers 200 hls 50 band-in 300 band-out 400';

/**
 * For each threshold, figures at which half the share is left, and figures at which none is; publishers and
 * subscribers are sums. The nodes take turns.
 */
export const thresholds = [
  { is: 'cpu', of: 90, near: { cpu_load: 81 }, over: { cpu_load: 97 } },
  {
    is: 'publishers',
    of: 100,
    near: { streams_webrtc_in: 60, streams_rtmp_in: 30 },
    over: { streams_webrtc_in: 60, streams_rtmp_in: 40 },
  },
  {
    is: 'subscribers',
    of: 200,
    near: { streams_webrtc_out: 100, streams_websocket_out: 80 },
    over: { streams_webrtc_out: 100, streams_websocket_out: 101 },
  },
  { is: 'hls', of: 50, near: { streams_hls: 45 }, over: { streams_hls: 50 } },
  { is: 'band-in', of: 300, near: { net_in_mbit: 270 }, over: { net_in_mbit: 300 } },
  { is: 'band-out', of: 400, near: { net_out_mbit: 360 }, over: { net_out_mbit: 1000 } },
].map((row, index) => ({ ...row, node: index % 2 === 0 ? 'wcs-01' : 'wcs-02' }));

/**
 * A program that sends about 10 Mbit/s to an address; nothing comes back but a few words that nobody is
 * there.
 */
export const traffic = `
import socket, sys, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for _ in range(10):
        out.sendto(bytes(1200), (sys.argv[1], 9))
    time.sleep(0.01)
`;
