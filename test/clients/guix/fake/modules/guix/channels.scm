(define-module (guix channels)
  #:use-module (srfi srfi-1)
  #:export (channel make-channel-introduction openpgp-fingerprint introduction-signer
            channel-name channel-url channel-commit channel-introduction))

(define-syntax channel
  (syntax-rules ()
    ((_ (field value) ...) (list (cons 'field value) ...))))

(define (channel-name channel) (assq-ref channel 'name))
(define (channel-url channel) (assq-ref channel 'url))
(define (channel-commit channel) (assq-ref channel 'commit))
(define (channel-introduction channel) (assq-ref channel 'introduction))
(define (make-channel-introduction commit signer) (cons commit signer))
(define (openpgp-fingerprint text) (string-delete #\space text))
(define (introduction-signer introduction) (and introduction (cdr introduction)))
