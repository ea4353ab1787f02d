(define-module (guix ui)
  #:use-module (guix diagnostics)
  #:export (call-with-error-handling))

(define (call-with-error-handling thunk)
  (catch 'guix-message
    thunk
    (lambda (key text . rest) (apply leave text rest))))
