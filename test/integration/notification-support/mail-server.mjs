/**
 * A real SMTP server in a process of its own: STARTTLS with a certificate that it made itself,
 * one user, and a line of JSON on standard output for itself and for each message. Whoever is
 * called nobody@ is unknown to it.
 */
import { SMTPServer } from 'smtp-server';

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const server = new SMTPServer({
  authOptional: true,
  disableReverseLookup: true,
  onAuth({ username, password }, _session, done) {
    const right = username === 'ci@farm' && password === 'a password of mail';
    if (right) done(null, { user: username });
    else done(new Error('not this password'));
  },
  onRcptTo({ address }, _session, done) {
    if (!address.startsWith('nobody@')) return done();
    done(Object.assign(new Error('no such person here'), { responseCode: 550 }));
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const { envelope, secure, user } = session;
      const to = envelope.rcptTo.map(({ address }) => address);
      const text = Buffer.concat(chunks).toString('utf8');
      say({ from: envelope.mailFrom.address, to, secure, user: user ?? null, text });
      done();
    });
  },
});
server.on('error', () => undefined);
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
// Whoever started it is gone.
process.stdin.resume().on('end', () => process.exit(0));
