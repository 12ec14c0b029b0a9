// What runs in the browser: a phone made of JsSIP and WebRTC, driven by the test through `window.phone`.
import JsSIP from 'jssip';

const events = [];
const note = (what, of = '') => events.push(of === '' ? what : `${what} ${of}`);
const media = { mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } };
let ua;
let session;
let ear;

const AUDIBLE_DB = -60;

function listen(track) {
  const stream = new MediaStream([track]);
  // Chromium hands a remote track to nobody unless an element plays it.
  const element = new Audio();
  Object.assign(element, { srcObject: stream, muted: true });
  element.play();
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  context.createMediaStreamSource(stream).connect(analyser);
  return analyser;
}

function watch(one) {
  session = one;
  ear = undefined;
  one.on('progress', () => note('progress'));
  one.on('accepted', () => note('accepted'));
  one.on('confirmed', () => note('confirmed'));
  one.on('failed', ({ originator, cause }) => note('failed', `${originator} ${cause}`));
  one.on('ended', ({ originator, cause }) => note('ended', `${originator} ${cause}`));
}

window.phone = {
  events,
  start({ uri, password, server, contact, instance, answers }) {
    ua = new JsSIP.UA({
      uri,
      password,
      sockets: [new JsSIP.WebSocketInterface(server)],
      register_expires: 300,
      session_timers: false,
      ...(contact === undefined ? {} : { contact_uri: contact }),
      ...(instance === undefined ? {} : { instance_id: instance }),
    });
    ua.on('connected', () => note('connected'));
    ua.on('disconnected', () => note('disconnected'));
    ua.on('registered', () => note('registered'));
    ua.on('registrationFailed', ({ cause }) => note('registrationFailed', cause));
    ua.on('newRTCSession', ({ originator, session: one }) => {
      if (originator !== 'remote') return;
      watch(one);
      note('invited', one.remote_identity.uri.user);
      if (answers) setTimeout(() => one.answer(media), 300);
    });
    ua.start();
  },
  call(target) {
    watch(ua.call(target, media));
  },
  /** Presses keys, by SIP INFO. */
  press(keys) {
    session.sendDTMF(keys, { transportType: 'INFO' });
  },
  hangUp() {
    session.terminate();
  },
  /** RTP packets that came in so far. */
  async packetsReceived() {
    let packets = 0;
    for (const stats of (await session.connection.getStats()).values()) {
      if (stats.type === 'inbound-rtp') packets += stats.packetsReceived;
    }
    return packets;
  },
  /** Frequency of what is the loudest in what is heard now; 0 for silence. */
  loudestHertz() {
    ear ??= listen(session.connection.getReceivers()[0].track);
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const level = Math.max(...levels);
    return level < AUDIBLE_DB ? 0 : (levels.indexOf(level) * ear.context.sampleRate) / ear.fftSize;
  },
};
